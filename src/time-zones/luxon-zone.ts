import { FixedOffsetZone, Zone, type ZoneOffsetFormat, type ZoneOffsetOptions } from 'luxon';
import { abbreviationAt, offsetAt } from './zone-rules';
import { MINUTE_MS } from '../shared/durations';

/** A zone for luxon by the rules of the package; luxon's own zones follow Node's. */
export class LuxonZone extends Zone {
  /** A name of the time zone database, in its own case. */
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  override get name(): string {
    return this.#name;
  }

  override get type(): string {
    return 'iana';
  }

  override get isUniversal(): boolean {
    return false;
  }

  override get isValid(): boolean {
    return true;
  }

  override offset(instantMs: number): number {
    return offsetAt(this.name, instantMs) / MINUTE_MS;
  }

  override offsetName(instantMs: number, _options: ZoneOffsetOptions): string {
    return abbreviationAt(this.name, instantMs);
  }

  override formatOffset(instantMs: number, format: ZoneOffsetFormat): string {
    return FixedOffsetZone.instance(this.offset(instantMs)).formatOffset(instantMs, format);
  }

  override equals(other: Zone): boolean {
    return other instanceof LuxonZone && other.name === this.name;
  }
}
