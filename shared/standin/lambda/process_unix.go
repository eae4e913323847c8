//go:build unix && !linux

package lambda

import (
	"os/exec"
	"syscall"
)

// detach puts a program in a group of its own, so that Ctrl-C reaches only this one.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func terminate(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
