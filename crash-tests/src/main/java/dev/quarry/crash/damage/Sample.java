package dev.quarry.crash.damage;

import dev.quarry.BlobStoreOptions;

/**
 * A store to be damaged.
 *
 * @param name for messages
 * @param image its files
 * @param history what was done to it
 * @param options to open it with
 */
public record Sample(String name, StoreImage image, History history, BlobStoreOptions options) {

  /** The same with other files. */
  public Sample with(StoreImage damaged) {
    return new Sample(name, damaged, history, options);
  }
}
