declare global {
  var stopTestServices: (() => Promise<void>) | undefined;
}

export default async function tearDown(): Promise<void> {
  await globalThis.stopTestServices?.();
}
