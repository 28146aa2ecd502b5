package dev.quarry.crash.damage;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quarry.BlobStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What was put into a store and deleted from it, in its order, each acknowledged. */
public final class History {

  private final List<Operation> operations = new ArrayList<>();
  private final Set<String> keys = new TreeSet<>();

  /** One operation. */
  private static final class Operation {

    final String key;

    /** Null for a delete. */
    final byte @Nullable [] value;

    Operation(String key, byte @Nullable [] value) {
      this.key = key;
      this.value = value;
    }
  }

  /** Puts a value and notes that. */
  public void put(BlobStore store, String key, byte[] value) {
    store.put(key.getBytes(UTF_8), value);
    add(key, value);
  }

  /** Deletes a key, which must be there, and notes that. */
  public void delete(BlobStore store, String key) {
    if (!store.delete(key.getBytes(UTF_8))) {
      throw new AssertionError("nothing was deleted: " + key);
    }
    add(key, null);
  }

  private void add(String key, byte @Nullable [] value) {
    operations.add(new Operation(key, value));
    keys.add(key);
  }

  /** The number of operations so far. */
  public int length() {
    return operations.size();
  }

  /** All keys that there ever were. */
  public Set<String> keys() {
    return keys;
  }

  /** What a store holds after the first so many operations. */
  public Map<String, byte[]> after(int count) {
    Map<String, byte[]> content = new HashMap<>();
    for (Operation operation : operations.subList(0, count)) {
      if (operation.value == null) {
        content.remove(operation.key);
      } else {
        content.put(operation.key, operation.value);
      }
    }
    return content;
  }

  /** What a store holds now. */
  public Map<String, byte[]> content() {
    return after(length());
  }

  /** In words, which operation a value of a key is of. */
  String origin(String key, byte @Nullable [] value) {
    if (value == null) {
      return "no value";
    }
    for (int i = operations.size() - 1; i >= 0; i--) {
      Operation operation = operations.get(i);
      if (operation.key.equals(key) && Arrays.equals(operation.value, value)) {
        return "the value of operation " + i;
      }
    }
    return "a value that it never had";
  }
}
