package dev.quarry;

/** A value is longer than the store, or the form it was asked for in, can hold. */
public final class ValueTooLargeException extends BlobStoreException {

  private static final long serialVersionUID = 1L;

  private final long size;
  private final long limit;

  /**
   * @param size bytes of the value
   * @param limit the most bytes that fit
   * @param what what the limit is a limit of
   */
  public ValueTooLargeException(long size, long limit, String what) {
    super("a value of " + size + " bytes is over the limit of " + limit + " bytes " + what);
    this.size = size;
    this.limit = limit;
  }

  /** Bytes of the value. */
  public long size() {
    return size;
  }

  /** The most bytes that fit. */
  public long limit() {
    return limit;
  }
}
