# Characters beyond ASCII in logs as they are.

redef LogAscii::enable_utf_8 = T;
