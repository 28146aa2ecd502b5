package dev.quarry;

/**
 * The store could not do what was asked because the system under it failed: at open, or in the
 * background, in which case the failure has latched and every later write is refused with it.
 */
public final class StoreFailedException extends BlobStoreException {

  private static final long serialVersionUID = 1L;

  public StoreFailedException(String message) {
    super(message);
  }

  public StoreFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
