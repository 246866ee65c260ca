/** A request as somebody would type it, and the response to it. */
interface Example {
  request?: unknown;
  answer?: unknown;
}

/** By method and path, as the OpenAPI document names them: `get /api/v1/users/{user_id}`. */
export type Examples = Record<string, Example>;

/** The moment at which the examples happen. */
export const AT = '2027-03-01T03:30:00.000Z';
