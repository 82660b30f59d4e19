/** A pass over times (of expiry, of silence): what lies after `since` up to `until` is told, beginning after `position`. */
export interface AlertScanTable {
  name: string;
  since: number;
  until: number;
  /** JSON of the last row told; '' between two passes, when all up to `until` was told. */
  position: string;
}

/** Something to tell; its id and data stay the same however often they are sent. */
export interface AlertEventTable {
  event_id: string;
  cid: string;
  type: string;
  /** How near an end is, for types that tell it more than once; 0 for the others. */
  stage: number;
  at: number;
  /** Licenses in it, 1 where it is about something else. */
  size: number;
  /** JSON. */
  data: string;
}

/** An event on its way to a channel. */
export interface AlertDeliveryTable {
  event_id: string;
  channel: string;
  state: 'waiting' | 'delivered' | 'given_up';
  /** When it was first to be sent; given up three days later. */
  since: number;
  next_at: number;
  attempts: number;
  /** Until then a server is at it; a claim of a killed server ends by itself. */
  claimed_until: number;
  ended_at: number | null;
  /** JSON of words in both languages, about the last attempt. */
  last_error: string | null;
}
