/** What is used of des.js, which brings no types. */
declare module 'des.js' {
  interface Cipher {
    update(bytes: Uint8Array): number[];
    final(): number[];
  }
  interface CipherOptions {
    readonly type: 'decrypt' | 'encrypt';
    readonly key: readonly number[];
    readonly iv: readonly number[];
    readonly padding: boolean;
  }
  interface Mode {
    instantiate(base: object): { create(options: CipherOptions): Cipher };
  }
  const des: { readonly CBC: Mode; readonly EDE: object };
  export default des;
}
