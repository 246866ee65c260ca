// This import comes first, because it notes the parent process when it is loaded.
import { stopWithNpm } from '../platform/startup/npm-watch';
import { createRedditSandbox } from './sandbox-server';

/** `npm run sandbox [-- PORT [RECORDINGS]]`, or SANDBOX_PORT and SANDBOX_RECORDINGS. */
async function main(): Promise<void> {
  const [port = process.env.SANDBOX_PORT ?? '0', recordings = process.env.SANDBOX_RECORDINGS] = process.argv.slice(2);
  const sandbox = createRedditSandbox({ recordings });
  const { url } = await sandbox.listen({ port: Number(port) });
  console.log(`Reddit sandbox (${sandbox.contentKind} content) at ${url}; what it offers: ${url}/_sandbox/status`);
  let closing: Promise<void> | undefined;
  const stop = () => void (closing ??= sandbox.close());
  process.once('SIGINT', stop).once('SIGTERM', stop);
  stopWithNpm(stop);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
