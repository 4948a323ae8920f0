/** So many periods without an answer are a gap: after it nothing is done by what was said before, until all have been asked anew. */
export const gapPeriods = 2
