/** Guarantee: arrays that travelled as base64 are read as Shoal wrote them, little-endian. */

export function bytesOf(text: string): Uint8Array {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at);
  return bytes;
}
export const floatsOf = (text: string) => new Float32Array(bytesOf(text).buffer);
export const wholesOf = (text: string) => new Int32Array(bytesOf(text).buffer);
