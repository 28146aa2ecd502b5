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
    this("a value of " + size, size, limit, what);
  }

  private ValueTooLargeException(String value, long size, long limit, String what) {
    super(value + " bytes is over the limit of " + limit + " bytes " + what);
    this.size = size;
    this.limit = limit;
  }

  /**
   * What to throw for a stream that did not end where it had to.
   *
   * @param limit the most bytes that fit
   * @param what what the limit is a limit of
   */
  public static ValueTooLargeException ofMoreThan(long limit, String what) {
    return new ValueTooLargeException("a value of more than " + limit, limit + 1, limit, what);
  }

  /** Bytes of the value; at least so many, if it was a stream. */
  public long size() {
    return size;
  }

  /** The most bytes that fit. */
  public long limit() {
    return limit;
  }
}
