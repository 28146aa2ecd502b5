package dev.quarry.index.keys;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The key index on disk cannot be used, though nothing proves it damaged: RocksDB is missing, its
 * disk is full, or the file system refuses. Its files stay as they are; keys are ordered in memory
 * instead ({@link MemoryKeyIndex}).
 */
public final class KeyIndexUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  KeyIndexUnavailableException(Path directory, String why, @Nullable Throwable cause) {
    super("the key index in " + directory + " cannot be used: " + why, cause);
  }
}
