package dev.quarry.index;

/**
 * Receives what a change took out of the index, so that a change allocates nothing.
 *
 * <p>Owned by one caller and reused from call to call; not safe for use by several threads at once.
 */
public final class Replaced {

  private long location = Location.NONE;
  private long length;

  /** Creates a holder that holds nothing. */
  public Replaced() {}

  /** Where the entry pointed, or {@link Location#NONE} if the last change took nothing out. */
  public long location() {
    return location;
  }

  /** The length the entry gave, in bytes; 0 if the last change took nothing out. */
  public long length() {
    return length;
  }

  void set(long location, long length) {
    this.location = location;
    this.length = length;
  }

  void clear() {
    set(Location.NONE, 0);
  }
}
