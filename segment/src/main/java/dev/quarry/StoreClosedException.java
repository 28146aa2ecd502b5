package dev.quarry;

/** The store, a blob or a cursor was used after it was closed. */
public final class StoreClosedException extends BlobStoreException {

  private static final long serialVersionUID = 1L;

  public StoreClosedException(String message) {
    super(message);
  }
}
