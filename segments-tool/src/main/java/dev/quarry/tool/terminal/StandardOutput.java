package dev.quarry.tool.terminal;

import java.io.IOException;
import java.io.OutputStream;

/** The standard output, buffered, with failures that tell a reader who stopped from a full disk. */
final class StandardOutput extends OutputStream {

  private static final int BUFFER = 1 << 16;

  private final OutputStream out;
  private final byte[] buffer = new byte[BUFFER];
  private int buffered;

  StandardOutput(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int value) {
    if (buffered == BUFFER) {
      drain();
    }
    buffer[buffered++] = (byte) value;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    if (length > BUFFER - buffered) {
      drain();
    }
    if (length >= BUFFER) {
      attempt(() -> out.write(bytes, offset, length));
      return;
    }
    System.arraycopy(bytes, offset, buffer, buffered, length);
    buffered += length;
  }

  @Override
  public void flush() {
    drain();
    attempt(out::flush);
  }

  /** What fails is not written again. */
  private void drain() {
    int length = buffered;
    buffered = 0;
    if (length > 0) {
      attempt(() -> out.write(buffer, 0, length));
    }
  }

  private interface Write {
    void run() throws IOException;
  }

  private static void attempt(Write write) {
    try {
      write.run();
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("Broken pipe")) {
        throw new OutputClosedException(e);
      }
      throw new CommandFailedException("cannot write to the standard output: " + e.getMessage(), e);
    }
  }
}
