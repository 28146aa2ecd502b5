package dev.quarry.tool.demo;

import dev.quarry.tool.terminal.CommandFailedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** An import in a process of its own, which may be killed. */
final class ImportProcess implements AutoCloseable {

  /** What a process ends with that SIGKILL, signal 9, ended. */
  static final int KILLED = 128 + 9;

  private static final String MAIN_CLASS = "dev.quarry.tool.Quarry";

  private final Process process;
  private final Ledger ledger = new Ledger();
  private long firstPut;
  private long nanosAtKill;
  private int putsAtKill;
  private long bytesAtKill;
  private OptionalLong writtenAtKill = OptionalLong.empty();

  /**
   * Starts an import.
   *
   * @param list of the files, as {@link FileList} writes it
   */
  ImportProcess(Path store, Path list, int threads) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("-X") || argument.startsWith("--"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN_CLASS));
    command.addAll(List.of("demo-import", "--threads", String.valueOf(threads)));
    command.addAll(List.of("--", store.toString(), list.toString()));
    process = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
  }

  long pid() {
    return process.pid();
  }

  /** What the process has told. */
  Ledger ledger() {
    return ledger;
  }

  /**
   * Follows the process, kills it when so many bytes have been acknowledged, and takes note of what
   * it had told until then.
   *
   * @throws CommandFailedException if it ended before that
   */
  void killAfter(long bytes) throws IOException, InterruptedException {
    boolean killed = false;
    try (BufferedReader messages = messages()) {
      for (String line = messages.readLine(); line != null; line = messages.readLine()) {
        note(line);
        if (!killed && ledger.acknowledgedBytes() >= bytes) {
          killed = true;
          kill();
        }
      }
    }
    int code = process.waitFor();
    if (code != KILLED) {
      throw new CommandFailedException(
          "the importing process could not be killed in time, it ended with code "
              + code
              + "; there may be too few bytes to import");
    }
  }

  private void kill() {
    OptionalLong written = ProcessIo.bytesWritten(process.pid());
    if (written.isPresent()) {
      writtenAtKill = OptionalLong.of(written.getAsLong() - ledger.opened());
    }
    putsAtKill = ledger.acknowledged().size();
    bytesAtKill = ledger.acknowledgedBytes();
    nanosAtKill = System.nanoTime() - firstPut;
    process.toHandle().destroyForcibly(); // unlike the process's own, leaves the pipe to be read
  }

  /**
   * Follows the process to its end.
   *
   * @throws CommandFailedException if it fails
   */
  void finish() throws IOException, InterruptedException {
    try (BufferedReader messages = messages()) {
      for (String line = messages.readLine(); line != null; line = messages.readLine()) {
        note(line);
      }
    }
    int code = process.waitFor();
    if (code != 0) {
      throw new CommandFailedException("the importing process ended with code " + code);
    }
  }

  private BufferedReader messages() {
    return process.inputReader(StandardCharsets.UTF_8);
  }

  private void note(String line) {
    Message message = Message.parse(line);
    if (message != null) {
      if (firstPut == 0 && message.kind() == Message.Kind.STARTED) {
        firstPut = System.nanoTime();
      }
      ledger.note(message);
    }
  }

  /** How long the process had put files when it was killed. */
  long nanosAtKill() {
    return nanosAtKill;
  }

  /** Puts that were acknowledged when {@link #writtenAtKill} was read. */
  int putsAtKill() {
    return putsAtKill;
  }

  /** Bytes that were acknowledged when {@link #writtenAtKill} was read. */
  long bytesAtKill() {
    return bytesAtKill;
  }

  /** Bytes the process had the system write from when the store was open until it was killed. */
  OptionalLong writtenAtKill() {
    return writtenAtKill;
  }

  /** Ends the process if it still runs. */
  @Override
  public void close() {
    process.destroyForcibly();
  }
}
