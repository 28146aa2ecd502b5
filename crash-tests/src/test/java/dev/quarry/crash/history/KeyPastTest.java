package dev.quarry.crash.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

/** What a key's past says of what a reader finds while another thread writes the key. */
class KeyPastTest {

  private static final byte[] VALUE = {1, 2, 3};

  /** A cache evicts a key while it is deleted: a reader cannot tell the one from the other. */
  @Test
  void aKeyThatIsEvictedBeforeItsDeletionIsGoneForThatReason() {
    KeyPast key = given(true);
    key.attempt(null);
    key.evicted();
    assertNull(read(key, null, false));
    key.withdraw(true);
    assertNull(read(key, null, false));
    assertNotNull(read(key, VALUE, false));
  }

  @Test
  void aKeyIsNotGoneForADeletionThatWasRefused() {
    KeyPast key = given(false);
    key.attempt(null);
    assertNull(read(key, null, false));
    key.withdraw(false);
    assertNotNull(read(key, null, false));
    assertNotNull(read(key, VALUE, false));
  }

  @Test
  void aReaderFindsWhatIsOnItsWayOrWhatWasThere() {
    KeyPast key = given(false);
    byte[] next = {4};
    key.attempt(next);
    assertNull(read(key, VALUE, false));
    assertNull(read(key, next, false));
    assertEquals("has version 1, not version 2 or a newer one", read(key, VALUE, false));
  }

  private static KeyPast given(boolean cache) {
    KeyPast key = new KeyPast(0, cache);
    key.attempt(VALUE);
    key.acknowledge(key.evictions());
    return key;
  }

  private static String read(KeyPast key, byte[] found, boolean mayBeGone) {
    return key.read(found, key.look(), mayBeGone);
  }
}
