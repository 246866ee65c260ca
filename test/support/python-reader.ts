import { spawnSync } from 'node:child_process';

/** `test` where the machine has Python, otherwise `test.skip`. */
export const testWithPython = spawnSync('python3', ['--version']).status === 0 ? test : test.skip;

/** What a Python program prints about a file, read as JSON. The program finds the file's path in `sys.argv[1]`. */
export function readByPython<Result>(program: string[], file: string): Result {
  const { stdout, stderr } = spawnSync('python3', ['-c', program.join('\n'), file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Result;
}
