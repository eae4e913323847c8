//go:build !unix

package lambda

import "os/exec"

func detach(*exec.Cmd) {}

func terminate(c *exec.Cmd) { _ = c.Process.Kill() }
