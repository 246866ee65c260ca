import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const project = path.resolve(__dirname, '..');
const read = (name: string) => readFileSync(path.join(project, name), 'utf8');

describe('Dockerfile', () => {
  const dockerfile = DockerfileParser.parse(read('Dockerfile'));
  const instructions = dockerfile.getInstructions();
  const lastStage = instructions.slice(
    instructions.findLastIndex((instruction) => instruction.getKeyword() === 'FROM'),
  );
  const keyword = (name: string) => lastStage.filter((instruction) => instruction.getKeyword() === name);

  it('passes its linter', () => {
    expect(validate(read('Dockerfile')).map(({ range, message }) => [range.start.line + 1, message])).toEqual([]);
  });

  it('builds in stages, the last of which runs neither compiler nor package manager', () => {
    expect(dockerfile.getFROMs()).toHaveLength(3);
    expect(
      keyword('RUN')
        .map((run) => run.getArgumentsContent() ?? '')
        .join(),
    ).not.toMatch(/\bnpm\b/);
    expect(read('Dockerfile')).toContain('npm ci --omit=dev');
  });

  it('runs as an ordinary user, under an init, with a health check', () => {
    expect(keyword('USER').at(-1)?.getArgumentsContent()).toBe('node');
    expect(keyword('ENTRYPOINT').at(-1)?.getArgumentsContent()).toContain('tini');
    expect(dockerfile.getHEALTHCHECKs()).toHaveLength(1);
  });

  it('pins its base image and copies only existing files', () => {
    expect(dockerfile.getInitialARGs().map((arg) => arg.getArgumentsContent())).toEqual([
      'NODE_IMAGE=node:20-bookworm-slim',
    ]);
    const copied = dockerfile
      .getCOPYs()
      .filter((copy) => copy.getFlags().length === 0)
      .flatMap((copy) =>
        copy
          .getArguments()
          .slice(0, -1)
          .map((argument) => argument.getValue()),
      );
    const ignored = read('.dockerignore').split('\n');
    for (const source of copied) {
      expect(existsSync(path.join(project, source))).toBe(true);
      expect(ignored).toContain(`!${source}`);
    }
  });
});
