package dev.quarry.tool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What the file system says of the files of a store; one that is gone meanwhile has no bytes. */
public final class StoreFileSizes {

  private StoreFileSizes() {}

  /** Bytes of all files, but those of the key index and the lock. */
  public static long all(Path store) throws IOException {
    return below(store) - below(store.resolve("keyindex")) - below(store.resolve("LOCK"));
  }

  /** Bytes of a file, or of all files below a directory; 0 if there is none of that name. */
  public static long below(Path path) throws IOException {
    if (Files.notExists(path)) {
      return 0;
    }
    try (var paths = Files.walk(path)) {
      return paths.filter(Files::isRegularFile).mapToLong(StoreFileSizes::size).sum();
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof NoSuchFileException) {
        return below(path);
      }
      throw e;
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
