package dev.quarry.crash.damage;

/** What came of opening a store with damaged files, and reading all of it. */
public enum Outcome {
  /** Every read gave the right bytes. */
  RIGHT,
  /** The same; the store noted that a file was made good from its records. */
  MADE_GOOD,
  /** Some reads threw a CorruptionException, all others gave the right bytes. */
  READ_ERROR,
  /** The end of the last log was taken for a torn tail, which it cannot be told from. */
  CUT,
  /** Opening threw a CorruptionException. */
  REFUSED,
  /** Opening threw a FormatVersionException. */
  OTHER_VERSION;

  /** Whether the store itself shows that something is wrong with its files. */
  boolean isReported() {
    return this != RIGHT && this != CUT;
  }
}
