package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.ValueTooLargeException;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that is to become a value.
 *
 * @param path the file
 * @param key of the value
 * @param size bytes of the file when it was found
 */
public record SourceFile(Path path, KeyText key, long size) {

  /**
   * Puts the file.
   *
   * @throws CommandFailedException if it is longer than a value can be
   * @throws dev.quarry.FileChangedException if it changed while it was read
   * @throws IOException that names the file, if it cannot be read
   */
  void putInto(BlobStore store) throws IOException {
    try {
      store.put(key.bytes(), path);
    } catch (ValueTooLargeException e) {
      throw new CommandFailedException(path + ": " + e.getMessage(), e);
    }
  }
}
