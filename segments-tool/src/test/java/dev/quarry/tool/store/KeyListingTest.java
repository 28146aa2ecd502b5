package dev.quarry.tool.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quarry.tool.terminal.CommandFailedException;
import org.junit.jupiter.api.Test;

class KeyListingTest {

  @Test
  void fewerKeysThanTheIndexHasAreAnIncompleteListing() {
    CommandFailedException failure =
        assertThrows(CommandFailedException.class, () -> KeyListing.compare(17, 18));

    assertEquals(
        "listing incomplete: 17 of 18 keys were listed, the records of the others are damaged;"
            + " quarry segments verify STORE lists all damage",
        failure.getMessage());
  }

  @Test
  void keysThatWereEvictedSinceTheyWereListedAreNotMissed() {
    KeyListing.compare(18, 18);
    KeyListing.compare(18, 17);
    KeyListing.compare(0, 0);
  }
}
