/** `session 0x…`, or what can be said where the capture does not show its id. */
export function sessionName(id: string | null): string {
  return id === null ? 'a session whose id was not captured' : `session ${id}`;
}
