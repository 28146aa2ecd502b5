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
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.Units;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Which store a command is about. An existing one is opened in the mode that its STORE file says, a
 * cache with the bound that it says, unless another one is given.
 */
final class StoreOptions {

  @Parameters(index = "0", paramLabel = "STORE", description = "The directory of the store.")
  private Path directory;

  @Option(
      names = "--cache",
      paramLabel = "BYTES",
      converter = ByteSize.class,
      description = {
        "Create a cache of at most that many bytes, such as 1GiB.",
        "A cache that exists keeps its bound unless this gives it another."
      })
  private @Nullable Long cacheBytes;

  /** The directory of the store. */
  Path directory() {
    return directory;
  }

  /**
   * Opens a store, and creates it when it is missing: durable unless a cache was asked for.
   *
   * @throws CommandFailedException if it would lie in another store
   */
  BlobStore openOrCreate(Console console) throws IOException {
    StoreLayout layout = new StoreLayout(directory);
    Disk disk = new FileSystemDisk();
    StoreIdentity before = disk.exists(layout.store()) ? StoreIdentity.read(disk, layout) : null;
    if (before == null) {
      Path place = Files.exists(directory) ? directory.toRealPath() : directory.toAbsolutePath();
      new StoreGuard().checkPlace(Objects.requireNonNull(place.getParent()));
    }
    BlobStore opened = BlobStore.open(directory, options(before));
    if (before != null && cacheBytes != null && cacheBytes != before.maxBytes()) {
      console.complain(
          "the bound of the cache "
              + directory
              + " is "
              + Units.bytes(cacheBytes)
              + " from now on; it was "
              + Units.bytes(before.maxBytes()));
    }
    return opened;
  }

  /**
   * Opens a store that is there.
   *
   * @throws CommandFailedException if it is not
   */
  BlobStore openExisting(Console console) throws IOException {
    Disk disk = new FileSystemDisk();
    StoreLayout layout = new StoreLayout(directory);
    if (!disk.exists(layout.store())) {
      boolean emptied = disk.exists(layout.segments()) || disk.exists(layout.logs());
      throw new CommandFailedException(
          emptied
              ? layout.store() + " is missing, but there are segments or logs of a store"
              : "there is no store in " + directory);
    }
    return openOrCreate(console);
  }

  /**
   * How the store is opened.
   *
   * @param before what it is; null if there is none
   */
  private BlobStoreOptions options(@Nullable StoreIdentity before) {
    if (cacheBytes != null) {
      if (before != null && before.mode() == StoreMode.DURABLE) {
        throw new CommandFailedException(
            directory + " is a DURABLE store and no cache; leave out --cache");
      }
      return BlobStoreOptions.cache(cacheBytes);
    }
    boolean isCache = before != null && before.mode() == StoreMode.CACHE;
    return isCache ? BlobStoreOptions.cache() : BlobStoreOptions.durable();
  }
}
