/** Temporal's limit (limit.userMetadataSummarySize) is 400 with the encoding; a name of 200 characters may be 800. */
const SUMMARY_BYTES = 300;

/**
 * The summary of a run in the Temporal Web UI: its task type and config, cut to whole characters within Temporal's
 * limit.
 */
export function runSummary(taskType: string, configName: string | null): string {
  const text = configName === null ? taskType : `${taskType} · ${configName}`;
  const bytes = new TextEncoder().encode(text).subarray(0, SUMMARY_BYTES);
  // With `stream` the decoder leaves out a character that was cut off.
  return new TextDecoder().decode(bytes, { stream: true });
}
