package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.tool.terminal.ByteSize;
import dev.quarry.tool.terminal.CommandFailedException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Which store a command is about. An existing one is opened in the mode that its STORE file says; a
 * cache has no bound then unless one is given, as the bound is not kept in the store.
 */
final class StoreOptions {

  @Parameters(index = "0", paramLabel = "STORE", description = "The directory of the store.")
  private Path directory;

  @Option(
      names = "--cache",
      paramLabel = "BYTES",
      converter = ByteSize.class,
      description = "The store is a cache of at most that many bytes, such as 1GiB.")
  private @Nullable Long cacheBytes;

  /** The directory of the store. */
  Path directory() {
    return directory;
  }

  /** Opens a store, and creates it when it is missing: durable unless a cache was asked for. */
  BlobStore openOrCreate() throws IOException {
    return BlobStore.open(directory, options());
  }

  /**
   * Opens a store that is there.
   *
   * @throws CommandFailedException if it is not
   */
  BlobStore openExisting() throws IOException {
    Disk disk = new FileSystemDisk();
    StoreLayout layout = new StoreLayout(directory);
    if (!disk.exists(layout.store())) {
      boolean emptied = disk.exists(layout.segments()) || disk.exists(layout.logs());
      throw new CommandFailedException(
          emptied
              ? layout.store() + " is missing, but there are segments or logs of a store"
              : "there is no store in " + directory);
    }
    return BlobStore.open(directory, options());
  }

  /** How {@link #openOrCreate} opens the store. */
  BlobStoreOptions options() throws IOException {
    Disk disk = new FileSystemDisk();
    StoreLayout layout = new StoreLayout(directory);
    if (cacheBytes != null) {
      return BlobStoreOptions.cache(cacheBytes);
    }
    boolean isCache =
        disk.exists(layout.store()) && StoreIdentity.read(disk, layout).mode() == StoreMode.CACHE;
    return isCache ? BlobStoreOptions.cache(Long.MAX_VALUE) : BlobStoreOptions.durable();
  }
}
