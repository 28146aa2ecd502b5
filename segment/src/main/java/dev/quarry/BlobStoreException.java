package dev.quarry;

import org.jspecify.annotations.Nullable;

/**
 * The root of every failure a store reports about itself. Faults in arguments are {@link
 * IllegalArgumentException} instead.
 *
 * <p>The family sits on the lowest floor because every floor throws it.
 */
public abstract sealed class BlobStoreException extends RuntimeException
    permits CorruptionException,
        FormatVersionException,
        ResourceExhaustedException,
        StoreClosedException,
        StoreFailedException,
        StoreFullException,
        StoreLockedException,
        ValueTooLargeException {

  private static final long serialVersionUID = 1L;

  BlobStoreException(String message) {
    super(message);
  }

  BlobStoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
