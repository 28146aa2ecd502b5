package dev.quarry;

/**
 * The system lacks something the call needs at this moment: file descriptors, memory, mappings, or
 * a permission. The refused call has changed nothing, the store stays open, and the same call
 * succeeds once the lack is over. A lack of disk space is a {@link StoreFullException} instead.
 *
 * <p>Thrown when a cache is closed, it says that the newest records are lost and that the store is
 * closed. Immutable.
 */
public final class ResourceExhaustedException extends BlobStoreException {

  private static final long serialVersionUID = 1L;

  public ResourceExhaustedException(String message) {
    super(message);
  }

  public ResourceExhaustedException(String message, Throwable cause) {
    super(message, cause);
  }
}
