/** Guarantee: arrays that travelled as base64 are read as Shoal wrote them, little-endian. */

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
export const floatsOf = (text: string) => new Float32Array(bytesOf(text).buffer);
export const wholesOf = (text: string) => new Int32Array(bytesOf(text).buffer);
