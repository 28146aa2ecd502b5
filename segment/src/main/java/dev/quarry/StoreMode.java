package dev.quarry;

/** What a store promises; recorded in it when it is created, and checked whenever it is opened. */
public enum StoreMode {

  /** A put returns when its record is on stable storage; the store grows with its contents. */
  DURABLE,

  /**
   * A put returns when its record is readable; the store is bounded and a crash may lose the
   * newest.
   */
  CACHE
}
