package dev.quarry;

import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.StoreLock;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds or makes the store of a directory, and locks it. Whatever fails, all that was taken is
 * given back.
 */
final class StoreOpener {

  private final Path directory;
  private final BlobStoreOptions options;
  private final MeteredDisk disk;
  private final StoreLayout layout;

  private StoreOpener(Path directory, BlobStoreOptions options, MeteredDisk disk) {
    this.directory = directory;
    this.options = options;
    this.disk = disk;
    this.layout = new StoreLayout(directory);
  }

  /** What to do with a store that is locked and has an identity. */
  @FunctionalInterface
  interface Next {
    BlobStore open(
        StoreLayout layout,
        StoreIdentity identity,
        BlobStoreOptions options,
        MeteredDisk disk,
        StoreLock lock)
        throws IOException;
  }

  /**
   * Opens a store.
   *
   * @param disks gives each attempt a disk that knows of no earlier one's lock
   * @param next owns the lock once it returns
   */
  static BlobStore open(
      Path directory, BlobStoreOptions options, Supplier<MeteredDisk> disks, Next next) {
    Refusal.prepare();
    try {
      for (; ; ) {
        try {
          return new StoreOpener(directory, options, disks.get()).open(next);
        } catch (DiskInterruptedException e) {
          // opening may be cut short anywhere, and is then begun anew
        }
      }
    } catch (DiskFullException e) {
      throw new StoreFullException(
          "cannot open the store in " + directory + ", the disk is full: " + e.getMessage(), e);
    } catch (DiskShortageException | OutOfMemoryError e) {
      throw new ResourceExhaustedException(
          "cannot open the store in "
              + directory
              + " because a resource is missing: "
              + e.getMessage(),
          e);
    } catch (IOException e) {
      throw new StoreFailedException(
          "cannot open the store in " + directory + ": " + e.getMessage(), e);
    }
  }

  private BlobStore open(Next next) throws IOException {
    requireBoundOrStore();
    DirectoryCheck check = new DirectoryCheck(directory, options.mode(), disk);
    check.prepare();
    StoreLock lock = disk.lock(layout.lock());
    try {
      StoreIdentity found = existing();
      check.prepareParts();
      StoreIdentity identity = found == null ? create() : found;
      disk.syncDirectory(
          directory); // a STORE may be of a process that was killed before it did this
      return openWithReserve(next, identity, lock);
    } catch (Throwable e) {
      closeAfter(lock, e);
      throw e;
    }
  }

  /** Recovery that finds the disk full is run again in the room of the reserve. */
  private BlobStore openWithReserve(Next next, StoreIdentity identity, StoreLock lock)
      throws IOException {
    BlobStoreOptions settled = StoredBound.settle(options, identity, directory);
    try {
      return next.open(layout, identity, settled, disk, lock);
    } catch (DiskFullException e) {
      if (!Reserve.discard(disk, layout)) {
        throw e;
      }
      return next.open(layout, identity, settled, disk, lock);
    }
  }

  static void closeAfter(Closeable resource, Throwable failure) {
    try {
      resource.close();
    } catch (IOException | RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Refuses to look for a cache where there is none, before anything is created. */
  private void requireBoundOrStore() throws IOException {
    if (!options.isBoundKnown()
        && !disk.exists(layout.store())
        && !disk.exists(layout.segments())) {
      throw noBound();
    }
  }

  private IllegalArgumentException noBound() {
    return new IllegalArgumentException(
        "there is no store in "
            + directory
            + ": a new cache needs a bound, see BlobStoreOptions.cache(maxBytes)");
  }

  private @Nullable StoreIdentity existing() throws IOException {
    if (disk.exists(layout.store())) {
      StoreIdentity identity = StoreIdentity.read(disk, layout);
      if (identity.mode() != options.mode()) {
        throw new IllegalArgumentException(
            directory + " is a " + identity.mode() + " store, not a " + options.mode() + " one");
      }
      return identity;
    }
    if (!layout.segmentIds(disk).isEmpty() || !layout.logIds(disk).isEmpty()) {
      throw new CorruptionException(
          layout.store(), 0, "the file is missing, but there are segments or logs of a store");
    }
    return null;
  }

  private StoreIdentity create() throws IOException {
    if (!options.isBoundKnown()) {
      throw noBound();
    }
    UUID storeId = UUID.randomUUID();
    long hashSeed = new SecureRandom().nextLong();
    StoreIdentity identity =
        options.mode() == StoreMode.DURABLE
            ? StoreIdentity.durable(storeId, hashSeed)
            : StoreIdentity.cache(storeId, hashSeed, options.maxBytes());
    identity.write(disk, layout);
    return identity;
  }
}
