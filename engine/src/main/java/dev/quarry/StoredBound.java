package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The bound of a cache as its STORE file has it, and as the options of an opening want it. */
final class StoredBound {

  private static final Logger LOG = LoggerFactory.getLogger(StoredBound.class);

  private StoredBound() {}

  /**
   * The options of an opening with a definite bound: their own, or else the one that the cache has.
   *
   * @throws IllegalArgumentException if it is less than four segments of the options
   */
  static BlobStoreOptions settle(BlobStoreOptions options, StoreIdentity identity, Path directory) {
    if (options.isBoundKnown()) {
      return options;
    }
    try {
      return options.toBuilder().maxBytes(identity.maxBytes()).build();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "cannot open the cache in " + directory + " with the bound it has: " + e.getMessage(), e);
    }
  }

  /**
   * Writes the bound of the options to STORE if the cache has another. A crash leaves the one or
   * the other.
   */
  static void keep(BlobStoreOptions options, StoreIdentity identity, Disk disk, StoreLayout layout)
      throws IOException {
    if (options.mode() == StoreMode.DURABLE || options.maxBytes() == identity.maxBytes()) {
      return;
    }
    identity.withMaxBytes(options.maxBytes()).replace(disk, layout);
    LOG.info(
        "the cache in {} may take {} bytes of disk from now on; until now it was {}",
        layout.root(),
        options.maxBytes(),
        identity.maxBytes());
  }
}
