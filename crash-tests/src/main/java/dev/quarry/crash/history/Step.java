package dev.quarry.crash.history;

import java.util.SplittableRandom;

/**
 * One step of a history. What it leaves to chance it draws from a seed of its own, so that it does
 * the same whatever steps are taken out before it.
 *
 * @param kind what to do
 * @param key which key, by number; of several, the first
 * @param amount bytes in a value, calls, keys or threads, as the kind says
 * @param seed of what is left to chance
 */
public record Step(Kind kind, int key, int amount, long seed) {

  /** What can be done. */
  public enum Kind {
    /** Gives a key a value of an amount of bytes. */
    PUT,
    /** The same from a buffer. */
    PUT_BUFFER,
    /** The same from a stream. */
    PUT_STREAM,
    DELETE,
    GET,
    /** Opens a blob and keeps it open. */
    HOLD,
    /** Looks at a blob that is held, and closes it. */
    RELEASE,
    SYNC,
    /** Lets the idle time of a cache pass. */
    IDLE,
    /** Closes the store and opens it again; a cache with a bound of an amount of segments. */
    CHANGE_BOUND,
    /** Closes the store and opens it again. */
    REOPEN,
    /** Gives an amount of keys, from the key on, tiny values. */
    PUT_MANY,
    /** Deletes an amount of keys, from the key on. */
    DELETE_MANY,
    /** Lets the power fail at the amount of calls from now. */
    CRASH,
    /** Lets the call that is the amount from now fail. */
    FAIL,
    /** Lets calls lack something, from the one that is the amount from now, for a while. */
    LACK,
    /** Leaves the disk an amount of bytes. */
    FILL_DISK,
    /** Gives the disk room again. */
    FREE_DISK,
    /** Deletes the checkpoint before the next opening. */
    LOSE_CHECKPOINT,
    /** Lets an amount of threads write, each to keys of its own, and read. */
    THREADS;

    boolean hasKey() {
      return switch (this) {
        case PUT, PUT_BUFFER, PUT_STREAM, DELETE, GET, HOLD, PUT_MANY, DELETE_MANY -> true;
        default -> false;
      };
    }

    boolean hasAmount() {
      return switch (this) {
        case PUT, PUT_BUFFER, PUT_STREAM, PUT_MANY, DELETE_MANY -> true;
        case CRASH, FAIL, LACK, FILL_DISK, THREADS, CHANGE_BOUND -> true;
        default -> false;
      };
    }
  }

  /** What {@link #toString} wrote; its seed is of the text, so that it is the same each time. */
  static Step parse(String text) {
    String[] words = text.strip().split(" ", -1);
    Kind kind = Kind.valueOf(words[0]);
    boolean keyed = kind.hasKey();
    int key = keyed ? Integer.parseInt(words[1]) : 0;
    int amount = kind.hasAmount() ? Integer.parseInt(words[keyed ? 2 : 1]) : 0;
    return new Step(kind, key, amount, text.strip().hashCode());
  }

  SplittableRandom random() {
    return new SplittableRandom(seed);
  }

  @Override
  public String toString() {
    return kind + (kind.hasKey() ? " " + key : "") + (kind.hasAmount() ? " " + amount : "");
  }
}
