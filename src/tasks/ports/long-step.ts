/** What a service needs to work for long: a way to be stopped, and a way to report how far it has come. */
export interface LongStep<Progress extends unknown[]> {
  signal: AbortSignal;
  onProgress: (...progress: Progress) => void;
}
