# English messages of the command line. Every key stands in fa.ftl too.
saved = saved { $id } · { $unsent } unsent · undo: forsat undo
