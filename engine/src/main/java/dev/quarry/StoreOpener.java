package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds or makes the store of a directory, and locks it. Whatever fails, all that was taken is
 * given back.
 */
final class StoreOpener {

  private final Path directory;
  private final BlobStoreOptions options;
  private final Disk disk;
  private final StoreLayout layout;

  private StoreOpener(Path directory, BlobStoreOptions options, Disk disk) {
    this.directory = directory;
    this.options = options;
    this.disk = disk;
    this.layout = new StoreLayout(directory);
  }

  /** What to do with a store that is locked and has an identity. */
  @FunctionalInterface
  interface Next {
    BlobStore open(StoreLayout layout, StoreIdentity identity, Closeable lock) throws IOException;
  }

  /**
   * Opens a store.
   *
   * @param next owns the lock once it returns
   */
  static BlobStore open(Path directory, BlobStoreOptions options, Disk disk, Next next) {
    StoreOpener opener = new StoreOpener(directory, options, disk);
    try {
      for (; ; ) {
        try {
          return opener.open(next);
        } catch (DiskInterruptedException e) {
          // opening may be cut short anywhere, and is then begun anew
        }
      }
    } catch (DiskFullException e) {
      throw new StoreFullException(
          "cannot open the store in " + directory + ", the disk is full: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new StoreFailedException("cannot open the store in " + directory + ": " + e, e);
    }
  }

  private BlobStore open(Next next) throws IOException {
    createDirectory();
    requireStoreOrNothing();
    Closeable lock = disk.lock(layout.lock());
    try {
      StoreIdentity identity = identity();
      disk.syncDirectory(
          directory); // a STORE may be of a process that was killed before it did this
      return openWithReserve(next, identity, lock);
    } catch (Throwable e) {
      closeAfter(lock, e);
      throw e;
    }
  }

  /** Recovery that finds the disk full is run again in the room of the reserve. */
  private BlobStore openWithReserve(Next next, StoreIdentity identity, Closeable lock)
      throws IOException {
    try {
      return next.open(layout, identity, lock);
    } catch (DiskFullException e) {
      if (!Reserve.discard(disk, layout)) {
        throw e;
      }
      return next.open(layout, identity, lock);
    }
  }

  static void closeAfter(Closeable resource, Throwable failure) {
    try {
      resource.close();
    } catch (IOException | RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Refuses a directory of other things before anything is left in it. */
  private void requireStoreOrNothing() throws IOException {
    if (!disk.exists(layout.store())) {
      List<String> strangers = layout.strangers(disk);
      if (!strangers.isEmpty()) {
        throw new IllegalArgumentException(
            directory + " is not a store: there is no STORE in it, but " + strangers.get(0));
      }
    }
  }

  /**
   * Creates what is missing of the directory's path, from the top, each name made durable before
   * the next. A STORE is thus never in a directory that a crash could take back; where there is
   * none yet, the last name found may be one that an earlier attempt was killed over.
   */
  private void createDirectory() throws IOException {
    Deque<Path> missing = new ArrayDeque<>();
    Path path = directory.toAbsolutePath();
    for (; path != null && !disk.exists(path); path = path.getParent()) {
      missing.push(path);
    }
    try {
      disk.createDirectories(path == null ? directory : path); // fails if it is a file
      if (!disk.exists(layout.store())) {
        syncParent(path);
      }
      for (Path name : missing) {
        disk.createDirectories(name);
        syncParent(name);
      }
    } catch (FileAlreadyExistsException e) {
      throw new IllegalArgumentException(directory + " is not a directory", e);
    }
  }

  private void syncParent(@Nullable Path path) throws IOException {
    Path parent = path == null ? null : path.getParent();
    if (parent != null) {
      disk.syncDirectory(parent);
    }
  }

  private StoreIdentity identity() throws IOException {
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
    SecureRandom random = new SecureRandom();
    StoreIdentity identity =
        new StoreIdentity(UUID.randomUUID(), options.mode(), random.nextLong());
    identity.write(disk, layout);
    return identity;
  }
}
