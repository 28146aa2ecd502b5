package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ContentTest {

  @Test
  void whatWasCutReadsAsZeroWhenTheSizeGrowsAgain() {
    byte[] ones = new byte[Disk.BLOCK];
    Arrays.fill(ones, (byte) 1);
    Content content = new Content();
    content.resize(2 * Disk.BLOCK);
    content.put(0, ones);
    content.put(1, ones);
    Content copy = content.copy();
    content.resize(512);
    content.resize(2 * Disk.BLOCK);
    assertEquals(1, content.block(0)[511]);
    assertEquals(0, content.block(0)[512]);
    assertEquals(0, content.block(1)[0]);
    assertEquals(1, copy.block(0)[512]);
  }
}
