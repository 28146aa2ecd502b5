package dev.quarry.benchmarks.replay;

/** A cache that a trace is replayed to. */
interface Cache {

  /**
   * Looks an object up, and puts it in if it is not there.
   *
   * @param size the object's size in bytes, from 0
   * @return whether it was there
   */
  boolean request(byte[] key, long size);
}
