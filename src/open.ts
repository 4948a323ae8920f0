/**
 * The owner's own view of what others may only read. What there are thousands of is better plain fields than getters: an object
 * literal with a getter that closes over something is kept by V8 as a hash table, half a kilobyte each, and read as slowly.
 */
export type Open<T> = { -readonly [K in keyof T]: T[K] }
