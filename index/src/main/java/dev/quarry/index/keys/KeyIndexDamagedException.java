package dev.quarry.index.keys;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The database of the key index has been found damaged, or has just been replaced for that reason.
 * Nothing of the store is lost: {@link KeyIndex#replaceDamaged}, add the segments again, and repeat
 * what failed.
 */
public final class KeyIndexDamagedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  KeyIndexDamagedException(Path directory, String what, @Nullable Throwable cause) {
    super("the key index in " + directory + ": " + what, cause);
  }
}
