package dev.quarry.benchmarks.replay;

/** Which object a cache evicts. */
enum Policy {
  /** SIEVE as published. */
  SIEVE,

  /** SIEVE with a grace zone and a ghost, as a store has it by default. */
  DEFAULT
}
