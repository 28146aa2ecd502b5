package dev.quarry;

/**
 * There is no room for the record: the disk is full, or the cache has reached its {@code maxBytes}.
 * The refused operation has left nothing behind; reads go on, and writes succeed again when there
 * is room.
 *
 * <p>Thrown when a cache is closed, it says that the newest records are lost and that the store is
 * closed. Immutable.
 */
public final class StoreFullException extends BlobStoreException {

  private static final long serialVersionUID = 1L;

  public StoreFullException(String message) {
    super(message);
  }

  public StoreFullException(String message, Throwable cause) {
    super(message, cause);
  }
}
