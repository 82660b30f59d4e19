/** A vid or CID as the number that the contract's examples show; as its text where no number spells it exactly. */
export function numericId(id: string): number | string {
  const number = Number(id);
  return Number.isSafeInteger(number) && String(number) === id ? number : id;
}
