/*
 * Whether the user wants an end (Control-C, kill, a terminal that goes away). The runner catches
 * the signals; who waits for a server looks here. Nothing is ended here: the present test is
 * blocked, and what has to be cleaned up is, as if nothing had happened.
 */
#pragma once

#include <stdbool.h>

void interrupt_catch(void);
bool interrupted(void);
