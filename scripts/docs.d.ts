export interface Definitions {
  readonly rules: readonly { readonly name: string }[];
  readonly protocols: readonly { readonly name: string; readonly fields: object }[];
  readonly messageFields: object;
  readonly otherLines: object;
  readonly journalLines: object;
  readonly dissectorExperts: readonly { readonly name: string }[];
  readonly dissectorFields: readonly { readonly name: string }[];
  readonly decodeSchema: object;
  readonly journalSchema: object;
  readonly configSchema: object;
}
export function docFiles(definitions: Definitions): Record<string, string>;
