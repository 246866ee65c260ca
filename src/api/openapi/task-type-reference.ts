import { taskTypes } from '../../tasks/registry';
import { describeTaskTypes, type JsonSchema } from '../services/configs/task-type-catalogue';

const HEAD = `# Task type reference

Written by \`npm run generate\` from the definitions in \`src/tasks\`; do not edit it.
[task-types.md](task-types.md) says what the larger ones do, and what their results contain.
`;

const code = (value: unknown) => `\`${JSON.stringify(value)}\``;
const cell = (text: string) => text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');

/** The bounds in words; empty when there are none. */
function boundsOf(least: number | undefined, most: number | undefined, unit = ''): string {
  if (least === undefined && most === undefined) return '';
  if (least === undefined) return `at most ${most}${unit}`;
  return most === undefined ? `at least ${least}${unit}` : `${least} to ${most}${unit}`;
}

/** The values that a parameter takes, in words. */
function typeOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  const limits = [
    schema.format ?? '',
    schema.exclusiveMinimum === undefined ? '' : `more than ${schema.exclusiveMinimum}`,
    boundsOf(schema.minimum, schema.maximum),
    boundsOf(schema.minLength, schema.maxLength, ' characters'),
    boundsOf(schema.minItems, schema.maxItems, ' entries'),
  ].filter(Boolean);
  const type = `${schema.type ?? 'any'}${limits.length > 0 ? ` (${limits.join(', ')})` : ''}`;
  return schema.items ? `${type} of ${typeOf(schema.items)}` : type;
}

/** A row for each parameter, and for each field of one that is an object. */
function rowsOf(schema: JsonSchema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const isRequired = schema.required?.includes(name) ?? false;
    const defaultValue = property.default === undefined ? '' : code(property.default);
    const cells = [
      `\`${prefix}${name}\``,
      typeOf(property),
      isRequired ? 'required' : defaultValue,
      property.description,
    ];
    const object = [property, ...(property.anyOf ?? [])].find(({ properties }) => properties);
    return [
      `| ${cells.map((text = '') => cell(text)).join(' | ')} |`,
      ...(object ? rowsOf(object, `${prefix}${name}.`) : []),
    ];
  });
}

/** The Markdown page that lists every task type with its parameters. */
export function createTaskTypeReference(): string {
  const sections = describeTaskTypes().task_types.map((type, index) => {
    const rows = rowsOf(type.parameters);
    const [example] = taskTypes[index]?.examples.accepted ?? [];
    return [
      `## ${type.name}`,
      `${type.summary}.`,
      type.is_short ? 'A short task.' : '',
      type.ad_hoc_access === 'admin'
        ? 'Only admins run it with parameters of their own; operators run the configs that an admin has stored.'
        : '',
      rows.length === 0 ? 'It takes no parameters.' : '',
      rows.length === 0 ? '' : ['| parameter | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n'),
      `Example: ${code(example)}`,
    ]
      .filter(Boolean)
      .join('\n\n');
  });
  return [HEAD, ...sections.map((section) => `${section}\n`)].join('\n');
}
