package dev.quarry.tool.store;

import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.Reason;
import java.util.function.Consumer;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows an import as it goes: a bar of bytes where there is a terminal, failures everywhere. */
final class ImportProgress implements ImportListener, AutoCloseable {

  private static final int INTERVAL_MILLIS = 200;

  private final @Nullable ProgressBar bar;
  private final Consumer<String> failures;

  ImportProgress(Console console, long bytes, Consumer<String> failures) {
    this.bar = console.isTerminal() ? bar(console, bytes) : null;
    this.failures = failures;
  }

  private static ProgressBar bar(Console console, long bytes) {
    return new ProgressBarBuilder()
        .setTaskName("import")
        .setInitialMax(bytes)
        .setUnit(" MiB", 1 << 20)
        .setStyle(ProgressBarStyle.ASCII)
        .showSpeed()
        .setUpdateIntervalMillis(INTERVAL_MILLIS)
        .setConsumer(new ConsoleProgressBarConsumer(console.error()))
        .build();
  }

  @Override
  public void stored(SourceFile file, long bytes) {
    if (bar != null) {
      bar.stepBy(bytes);
    }
  }

  @Override
  public void failed(SourceFile file, Exception failure) {
    failures.accept(Reason.of(failure));
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
