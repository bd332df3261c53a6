package command

import (
	"os"
	"os/signal"
	"syscall"

	"dynamoguard/internal/files"
)

// droppedBySignals has a batch dropped where a signal ends the program, which it then does as any that does not ask for signals. A pipe
// that nobody reads any more is an error of who writes to it, so that the batch is dropped then as well.
func droppedBySignals(batch *files.Batch) (stop func()) {
	ends, pipe := make(chan os.Signal, 1), make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as nohup has it
			signal.Notify(ends, s)
		}
	}
	signal.Notify(pipe, syscall.SIGPIPE)
	stopped, over := make(chan struct{}), make(chan struct{})
	go func() {
		select {
		case s := <-ends:
			batch.Drop()
			signal.Reset(s)
			if self, err := os.FindProcess(os.Getpid()); err != nil || self.Signal(s) != nil {
				os.Exit(int(codeNotJudged)) // where a process cannot send itself one
			}
		case <-stopped:
			close(over)
		}
	}()
	return func() {
		close(stopped)
		<-over // never, where the signal is on its way
		signal.Stop(ends)
		signal.Stop(pipe)
	}
}
