import { taskTypes } from './registry';
import type { TaskType } from './task-type';

/** The names of the parameters at fault; an unknown one is at fault itself. */
const faultsOf = ({ parameters: schema }: TaskType, parameters: object): string[] => {
  const issues = schema.safeParse(parameters).error?.issues ?? [];
  const paths = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  );
  return paths.map((path) => path.join('.'));
};

test('every name is unique and fits the column that stores it', () => {
  const names = taskTypes.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  for (const name of names) expect(name).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$(?<=^.{1,50})/);
});

describe.each(taskTypes)('the examples of $name', (taskType) => {
  const { accepted, refused } = taskType.examples;

  test('accepted: the schema takes them', () => {
    for (const parameters of accepted) expect([parameters, faultsOf(taskType, parameters)]).toEqual([parameters, []]);
  });

  test('refused: the schema finds the fault that they name, and no other', () => {
    for (const { parameters, at } of refused)
      expect([parameters, faultsOf(taskType, parameters)]).toEqual([parameters, [at].flat()]);
  });
});
