/** A stream that is not what its format says, or that ends before it should. The message says what. */
export class Damaged extends Error {}
